# Where nobody could look through a file, or it is not stored, no hash of it is seen: for it might have held a secret.
traced_or_skip
token=gh''p_Zq8Kd03vTnB5xLw7RfYh2mCsJp9GeVu4AbDg
none() {
  in_repository > "$SCRATCH/all"
  for hash in "$@"; do lacks "$SCRATCH/all" "$hash"; done
}
write_secret() { printf 'password: %s\n' "$token" > "$1"; }

# An output that somebody altered, and a file that the next attempt does not come to.
echo clean > hid.txt
pipeline <<'YAML'
provrun: 1
steps:
  altered: {outputs: [o.txt], run: "echo 1 > o.txt"}
  not_read: {outputs: [p.txt], run: "[ ! -e stop ] && wc -c < hid.txt > p.txt"}
YAML
ok provrun run
write_secret o.txt
write_secret hid.txt
touch stop
secret=$(hash_of o.txt)
fails 1 provrun run -k
none "$secret"
js show latest
expect_json 'any(.[]; .step=="altered" and .reason.kind=="output_altered" and (.reason.after|startswith("hmac-sha256:")))'
rm stop

# A file that the step reads and overwrites; in place, without being kept; frozen; a link.
write_secret token.txt
write_secret x.txt
write_secret made.txt
write_secret real.txt
pipeline <<'YAML'
provrun: 1
steps:
  refresh: {outputs: [o.txt], run: "wc -c < token.txt > o.txt; echo clean > token.txt"}
  scrub: {inputs: [x.txt], outputs: [{path: x.txt, cache: false}], run: "sed -i s/password.*/none/ x.txt"}
  make: {frozen: true, outputs: [{path: made.txt, cache: false}], run: "echo > made.txt"}
  use: {inputs: [made.txt], outputs: [u.txt], run: "wc -c < made.txt > u.txt"}
  link: {outputs: [{path: link.txt, cache: false}], run: "ln -s real.txt link.txt"}
YAML
ok provrun run
none "$secret"
js run
expect_summary executed=0

# Programs that are named, or lie elsewhere, and modules; byte code.
mkdir -p "$SCRATCH/bin" "$SCRATCH/lib/site-packages"
printf '#!/bin/sh\n# %s\necho ran\n' "$token" > tool.sh
cp tool.sh "$SCRATCH/bin/other.sh"
printf '# another\n' >> "$SCRATCH/bin/other.sh"
chmod +x tool.sh "$SCRATCH/bin/other.sh"
printf 'PASSWORD="%s"\n' "$token" > "$SCRATCH/lib/site-packages/settings_here.py"
cat > pipeline.yaml <<YAML
provrun: 1
steps:
  named: {outputs: [n.txt], run: "if [ -e nothere ]; then ./tool.sh; fi; echo 1 > n.txt"}
  other: {outputs: [t.txt], run: "$SCRATCH/bin/other.sh > t.txt"}
  module: {outputs: [m.txt], env: {set: {PYTHONPATH: "$SCRATCH/lib/site-packages"}}, run: "python3 -c 'import settings_here' > m.txt"}
YAML
ok provrun run
none "$(hash_of tool.sh)" "$(hash_of "$SCRATCH/bin/other.sh")" "$(hash_of "$SCRATCH/lib/site-packages/settings_here.py")"
for code in "$SCRATCH"/lib/site-packages/__pycache__/*.pyc; do none "$(hash_of "$code")"; done
has "$SCRATCH/all" "$(hash_of /bin/sh)"
js run
expect_summary executed=0
printf 'PASSWORD="%sX"\n' "$token" > "$SCRATCH/lib/site-packages/settings_here.py"
js run
expect_summary executed=1
