# Git writes the difference of a binary file in a form in which no secret could be found: of one with a secret it is left out.
git init -q .
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
printf 'a\0password: old\n' > k.bin
printf 'a\0one\n' > fine.bin
echo 1 > in.txt
git add .
git commit -qm first
token=gh''p_Zq8Kd03vTnB5xLw7RfYh2mCsJp9GeVu4AbDg
printf 'a\0password: %s\n' "$token" > k.bin
printf 'a\0two\n' > fine.bin
pipeline <<'YAML'
provrun: 1
steps:
  a: {inputs: [k.bin], outputs: [o.txt], run: "wc -c < k.bin > o.txt"}
YAML
ok provrun run
js show latest
expect_json 'any(.[]; .type=="run" and .git.dirty and .git.omitted_from_diff == ["k.bin"])'
ok provrun cat latest:.provrun/git.diff
has "$out" fine.bin
lacks "$out" k.bin
in_repository > "$SCRATCH/all"
lacks "$SCRATCH/all" "$(git hash-object k.bin)"
lacks "$SCRATCH/all" "$(hash_of k.bin)"
