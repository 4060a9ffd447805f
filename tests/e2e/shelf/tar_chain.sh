# A full export and two differences: GNU tar alone, and import into an empty repository, give the same trees.
mkdir files
cat > make.sh <<'SH'
cd files
n=$(cat ../n)
mkdir -p keep/deep gone kind 'odd
name'; echo k > keep/deep/k; echo g > gone/g; echo i > kind/i; echo o > 'odd
name/o'; head -c 400000 /dev/zero > zeros; echo one > changed; echo m > mode; ln -s keep link
if [ $n -ge 2 ]; then rm -r gone kind; echo now > kind; echo two > changed; chmod 600 mode; echo new > keep/new; fi
if [ $n -ge 3 ]; then rm kind; mkdir kind; echo again > kind/x; rm keep/new 'odd
name/o'; fi
find . -exec touch -h -d 2001-02-03T04:05:06.123456789Z {} +
SH
pipeline <<'YAML'
provrun: 1
steps:
  a: {inputs: [make.sh, n], outputs: files/, run: "sh make.sh"}
YAML
for n in 1 2 3; do
  echo $n > n
  ok provrun run
done
provrun export --format tar latest~2 > full.tar 2> "$err" || fail 'export fails'
has "$err" 'exported'
provrun export --format tar --since latest~2 latest~1 > second.tar 2> "$err" || fail 'export fails'
has "$err" 'deleted'
provrun export --format tar --since latest~1 latest > third.tar 2> "$err" || fail 'export fails'
mkdir by_tar
for archive in full second third; do
  tar -C by_tar -xOf $archive.tar .provrun-archive/deleted 2> /dev/null | (cd by_tar && xargs -0 -r rm -rf --)
  tar -C by_tar -xpf $archive.tar || fail "tar cannot read $archive.tar"
done
rm -r by_tar/.provrun-archive
ok provrun restore latest --into by_provrun
diff -r by_tar by_provrun > "$SCRATCH/diff" 2>&1 || fail "$(cat "$SCRATCH/diff")"
ok provrun --repo other init
js --repo other import full.tar second.tar third.tar --tag chain
expect_json '[.[]|select(.type=="summary")] | length == 3 and all(.identical)'
js --repo other ls chain
js snapshots -n 1
root=$(provrun ls latest --json | jq -cS 'del(.schema)')
[ "$(provrun --repo other ls latest --json | jq -cS 'del(.schema)')" = "$root" ] || fail 'the trees differ'
js --repo other check --read-data
expect_summary damaged=0
# A difference without what it builds upon.
ok provrun --repo third init
fails 6 provrun --repo third import second.tar
has "$err" 'provrun: error: second.tar has what changed since snapshot '
has "$err" 'hint: import the archives before it first, in their order'
# Foreign and hostile archives.
mkdir plain; echo p > plain/p; ln plain/p plain/q
tar -czf plain.tar.gz plain
js --repo third import plain.tar.gz
ok provrun --repo third cat latest:plain/q
expect_out p
tar -cPf evil.tar --transform 's,plain/p,../../evil,' plain/p
fails 2 provrun --repo third import evil.tar
expect_err "provrun: error: evil.tar has a member ../../evil that leads out of it"
head -c 5000 /dev/urandom > noise.tar
fails 2 provrun --repo third import noise.tar
has "$err" 'provrun: error: noise.tar is no whole tar archive: '
head -c 100000 full.tar > cut.tar
fails 2 provrun --repo third import cut.tar
has "$err" 'provrun: error: cut.tar is no whole tar archive: '
js --repo third check --read-data
expect_summary damaged=0
fails 2 provrun export --format zip latest
expect_err "provrun: error: --format takes tar, not 'zip'
hint: 'provrun help export' lists what it takes"
