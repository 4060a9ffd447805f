# provrun writes nothing into the user's git but one line in .git/info/exclude, and records commit and changes.
git init -q -b main .
chain
git add pipeline.yaml in.txt
git commit -qm start
echo dirty >> in.txt
echo new > untracked.txt
cp .git/info/exclude "$SCRATCH/exclude"
before=$(cp -R .git "$SCRATCH/git" && rm "$SCRATCH/git/info/exclude" && cd "$SCRATCH/git" && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)
ok provrun run
after=$(cp -R .git "$SCRATCH/git2" && rm "$SCRATCH/git2/info/exclude" && cd "$SCRATCH/git2" && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)
[ "$before" = "$after" ] || fail "git was written: $(diff -r "$SCRATCH/git" "$SCRATCH/git2")"
[ "$(diff "$SCRATCH/exclude" .git/info/exclude)" = "$(printf '%sa%s\n> .provrun/' "$(wc -l < "$SCRATCH/exclude")" "$(wc -l < .git/info/exclude)")" ] ||
  fail "info/exclude: $(diff "$SCRATCH/exclude" .git/info/exclude)"
js log
expect_json ".[0].git_commit == \"$(git rev-parse HEAD)\""
js show latest
expect_json '.[0].git.dirty == true and .[0].git.branch == "main"'
