reconcile ci touched <<specs>> --since "$BASE" > touched.txt
<<policy>>
<<labels>>
failed=0
while read -r spec <&3; do
  <<name>>
  SPEC=$spec NAME=$name
  <<plan>>
  if [ "$code" -ne 0 ]; then failed=1; fi
  if [ -f "$plan" ]; then
    <<keep>>
  fi
done 3< touched.txt
exit "$failed"
