# Each spec that the merge touches is applied if that does no more than the plan that was reviewed. Where it
# would do more, or nothing was reviewed, a fresh plan is made, and waits for those who approve it.
mkdir -p reviewed waiting
: > waiting/list
reconcile ci touched <<specs>> --since "$BEFORE" > touched.txt
MAIN=$BEFORE
<<policy>>
<<labels>>
failed=0
while read -r spec <&3; do
  <<name>>
  why=waiting/$name.txt plan=waiting/$name.json code=0
  echo "== $spec"
  reconcile ci reviewed --commit "$SHA" --name "$name" --out "reviewed/$name.json" 2> "$why" || code=$?
  if [ "$code" -eq 0 ]; then
    reconcile apply "$spec" --reviewed "reviewed/$name.json" --yes --wait 2> "$why" || code=$?
  elif [ "$code" -eq <<unreviewed>> ]; then
    code=3
  fi
  cat "$why" >&2
  if [ "$code" -eq 0 ]; then continue; fi
  if [ "$code" -ne 3 ]; then
    failed=1
    continue
  fi
  code=0
  reconcile plan "$spec" --out "$plan" --detailed-exitcode --format markdown --link "$LINK" > plan.md || code=$?
  if [ "$code" -eq 0 ]; then continue; fi
  if [ ! -f "$plan" ]; then
    cat plan.md
    if [ -s plan.md ]; then reconcile ci comment plan.md --name "$name-waits" --commit "$SHA" || true; fi
    failed=1
    continue
  fi
  digest=$(sed -n 's/^  "digest": "\([0-9a-f]*\)",$/\1/p' "$plan")
  printf '%s %s %s\n' "$digest" "$name" "$spec" >> waiting/list
  {
    printf '**Not applied.** This plan waits for approval in [this run](%s).\n\n' "$LINK"
    if [ -f "reviewed/$name.json" ]; then
      reconcile show "$plan" --against "reviewed/$name.json" --format markdown
    else
      sed 's/^/    /' "$why"
    fi
    echo
    cat plan.md
  } > waiting.md
  # What was pushed without a pull request has none to comment on.
  reconcile ci comment waiting.md --name "$name-waits" --commit "$SHA" || true
done 3< touched.txt
