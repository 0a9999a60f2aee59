failed=0
for spec in <<specs>>; do
  reconcile cleanup "$spec" --expired --yes || failed=1
done
exit "$failed"
