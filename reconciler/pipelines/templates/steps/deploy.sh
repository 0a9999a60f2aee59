MAIN=HEAD
<<policy>>
reconcile plan "$SPEC" ${TARGET:+--target "$TARGET"} --out plan.json --format markdown --link "$LINK" > plan.md
