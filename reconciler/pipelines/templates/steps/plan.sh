code=0 plan=plan-$NAME-$HEAD.json
reconcile plan "$SPEC" --out "$plan" --format markdown --link "$LINK" > plan.md || code=$?
if [ -f "$plan" ]; then
  reconcile ci comment plan.md --name "$NAME" --plan "$plan"
elif [ -s plan.md ]; then
  reconcile ci comment plan.md --name "$NAME"
fi
