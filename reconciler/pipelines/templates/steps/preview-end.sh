failed=0
for spec in <<specs>>; do
  reconcile preview "$spec" --name "$PREVIEW" --end --yes || failed=1
done
exit "$failed"
