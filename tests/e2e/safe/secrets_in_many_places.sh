# A secret planted in sixteen places: nothing that provrun keeps or says has it. The repository's frames are decompressed,
# wherever they begin in a file.
secret=ghp_0123456789abcdefghijABCDEFGHIJ456789
said=$SCRATCH/said
: > "$said"
hear() { run "$@"; cat "$out" "$err" >> "$said"; }
git init -q .
git remote add origin "https://user:$secret@example.org/x.git"                        # 1: a remote's address
git remote add push "https://$secret@example.org/y.git"                               # 2: a remote's user
printf 'TOKEN=%s\n' "$secret" > .env                                                  # 3: a file that nobody declares
mkdir "$HOME/.config" && printf 'key: %s\n' "$secret" > "$HOME/.config/service.yaml"  # 4: one outside of the workspace
printf '{"cells":[{"outputs":[{"text":["%s"]}]}]}' "$secret" > book.ipynb             # 5: a notebook's output
echo x > "name-$secret"                                                               # 6: a file's name
ln -s "target-$secret" link                                                           # 7: a link's target
pipeline <<YAML
provrun: 1
name: planted
env: {secrets: [API_TOKEN], pass: [SERVICE, HOME]}
params: {address: none}
steps:
  use:
    outputs: used.txt
    run: |
      cat .env book.ipynb name-* $HOME/.config/service.yaml link 2> /dev/null | wc -l > {outputs} || true
      echo "token \$API_TOKEN of \$SERVICE"                              # 8: a log; 9, 10: variables
      sh -c 'test -n "\$0"' "\$API_TOKEN"                               # 11: words of a program that a step starts
      ls -d "missing-\$API_TOKEN" 2> /dev/null || true                  # 12: a path where nothing is
  fail:
    outputs: no.txt
    run: echo "\$API_TOKEN is refused" >&2; sh -c 'exit 3'             # 13: what a failed step says
YAML
export API_TOKEN=$secret SERVICE=$secret
hear provrun run -k
expect_exit 1
hear provrun exec -- sh -c 'echo said > exec.txt' tool --key "$secret"                # 14: words of a command
hear provrun run --set address="$secret"                                              # 15: a parameter
expect_exit 1
cp pipeline.yaml good.yaml
sed -i "s/is refused/$secret/" pipeline.yaml                                          # 16: a script
hear provrun run
expect_exit 7
mv good.yaml pipeline.yaml
unset API_TOKEN SERVICE
for words in 'log --json' log 'show latest' 'show latest --json' 'show latest~1 --json' 'show use --accesses --all' \
  'show use --accesses --all --json' 'env show latest --json' 'why fail' plan 'status --json' 'lineage up used.txt --json' \
  'graph --format dot' 'find *' 'snapshots --json' doctor; do
  # shellcheck disable=SC2086
  hear provrun $words
done
mkdir there
hear provrun export latest --format tar --output there/all.tar
hear provrun restore latest --into there/files
sqlite3 .provrun/state.db .dump > "$SCRATCH/dump"
lacks "$SCRATCH/dump" "$secret"
python3 - .provrun there > "$SCRATCH/plain" <<'P'
import os, subprocess, sys
out = sys.stdout.buffer
for top in sys.argv[1:]:
    for folder, _, names in os.walk(top):
        for name in names:
            if name == "state.db":
                continue  # its list of a folder's names is as local as the folder
            path = os.path.join(folder, name)
            out.write(path.encode(errors="surrogateescape") + b"\n")
            if os.path.islink(path):
                out.write(os.readlink(path).encode(errors="surrogateescape") + b"\n")
                continue
            data = open(path, "rb").read()
            out.write(data)
            at = data.find(b"\x28\xb5\x2f\xfd")
            while at >= 0:
                done = subprocess.run(["zstd", "-dcq"], input=data[at:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                out.write(done.stdout)
                at = data.find(b"\x28\xb5\x2f\xfd", at + 1)
P
has "$SCRATCH/plain" 'wc -l > {outputs}' # what is looked through is what was recorded
lacks "$SCRATCH/plain" "$secret"
lacks "$said" "$secret"
