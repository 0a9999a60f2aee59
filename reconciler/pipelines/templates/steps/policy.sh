# What policy.yaml says on the main branch holds, and what the change makes of it holds, too.
of_main=.git/policy-of-main.yaml
rm -f "$of_main"
there=$(git ls-tree "$MAIN" policy.yaml)
if [ -n "$there" ]; then git show "$MAIN:policy.yaml" > "$of_main"; fi
if cmp -s "$of_main" policy.yaml; then rm "$of_main"; fi
for file in "$of_main" policy.yaml; do
  if [ -f "$file" ]; then RECONCILE_POLICY=${RECONCILE_POLICY:+$RECONCILE_POLICY:}$file; fi
done
export RECONCILE_POLICY
