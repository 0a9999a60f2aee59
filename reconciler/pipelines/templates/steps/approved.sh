MAIN=HEAD
<<policy>>
<<labels>>
failed=0
while read -r digest name spec <&3; do
  echo "== $spec"
  reconcile apply "$spec" --reviewed "waiting/$name.json" --digest "$digest" --yes --wait || failed=1
done 3< waiting/list
exit "$failed"
