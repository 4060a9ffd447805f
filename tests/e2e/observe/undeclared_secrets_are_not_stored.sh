# An undeclared file with a secret in it is named by its content, and its bytes stay out of the repository.
traced_or_skip
secret=tok-5e11c7f0a9b84d21
printf 'API_TOKEN=%s\n' "$secret" > .env
mkdir "$HOME/.config"
printf 'password: %s\n' "$secret" > "$HOME/.config/service.yaml"
pipeline <<YAML
provrun: 1
env: {pass: [HOME]}
steps:
  use: {run: "grep -c TOKEN .env > n.txt; wc -l < $HOME/.config/service.yaml >> n.txt"}
YAML
ok provrun run
js show use
expect_json 'any(.[]; .type=="execution" and any(.inputs[]; .path==".env"))'
stored_text > "$SCRATCH/plain"
lacks "$SCRATCH/plain" "$secret"
ok provrun restore latest --into there
[ ! -e there/.env ] || fail 'the secret came back'
