failed=0
for spec in <<specs>>; do
  reconcile validate "$spec" || failed=1
done
if [ "$failed" -ne 0 ]; then exit 1; fi
