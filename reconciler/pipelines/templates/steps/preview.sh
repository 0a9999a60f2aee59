reconcile ci touched <<specs>> --since "$BASE" > touched.txt
failed=0
while read -r spec <&3; do
  <<name>>
  echo "== $spec"
  code=0
  reconcile preview "$spec" --name "$PREVIEW" --for 24h --yes --format markdown > preview.md 2> said.txt || code=$?
  cat said.txt >&2
  if [ ! -s preview.md ]; then
    {
      printf 'No preview. The end of what was said:\n\n'
      tail -n 5 said.txt | sed 's/^/    /'
    } > preview.md
  fi
  reconcile ci comment preview.md --name "$name-preview"
  if [ "$code" -ne 0 ] && [ "$code" -ne 3 ]; then failed=1; fi
done 3< touched.txt
exit "$failed"
