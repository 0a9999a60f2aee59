rules=$(curl --silent --show-error --fail --header "Authorization: Bearer $GITHUB_TOKEN" \
  --header "Accept: application/vnd.github+json" --header "X-GitHub-Api-Version: 2022-11-28" \
  "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/environments/<<environment>>-approval")
if ! grep -q required_reviewers <<< "$rules"; then
  echo "<<environment>>-approval has no required reviewers, so nothing was done: add some in its settings." >&2
  exit 1
fi
