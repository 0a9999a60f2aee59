failed=0
for spec in <<specs>>; do
  <<name>>
  code=0
  reconcile plan "$spec" --detailed-exitcode --format markdown --link "$LINK" > drift.md || code=$?
  if [ "$code" -eq 0 ]; then
    reconcile ci issue --close --name "$name"
  elif [ -s drift.md ]; then
    reconcile ci issue drift.md --title "$spec is not what is live" --name "$name"
  else
    failed=1
  fi
done
exit "$failed"
