for spec in <<specs>>; do
  reconcile validate "$spec"
done
