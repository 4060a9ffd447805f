# What new files would get from where they are made, owner, access list or mode, is not what they keep.
mkdir -p src/a/b src/c
for i in $(seq 300); do echo "$i" > "src/a/b/f$i"; done
chmod 0604 src/a/b/f7
chmod 0600 src/a/b/f8
umask 022
printf 'large' > src/c/large
truncate -s 300000 src/c/large
touch -d '2001-02-03 04:05:06.5' src/a/b/* src/a/b src/c src/c/large
ok provrun --repo r init
ok provrun --repo r backup src
listing() { (cd "$1" && find . -printf '%p %y %m %U %G %T@ %s\n' | sort); }

mkdir place
if [ "$(id -u)" = 0 ]; then chgrp 54321 place; fi
chmod 2775 place
setfacl -d -m u:1:rwx place 2> /dev/null || :
ok provrun --repo r restore latest --into place/new
listing src > "$SCRATCH/before"
listing place/new/src > "$SCRATCH/after"
expect_same "$SCRATCH/before" "$SCRATCH/after"
if command -v getfacl > /dev/null; then
  [ -z "$(getfacl -Rs place/new/src 2> /dev/null)" ] || fail 'an access list was inherited'
fi

# A file in the way of a restore into a folder that was there, as ever.
mkdir -p old/src/a/b
echo mine > old/src/a/b/f9
fails 1 provrun --repo r restore latest --into old
expect_file old/src/a/b/f9 mine

# One that was killed goes on, whatever it left half written; nothing else stays.
for i in $(seq 20); do
  rm -rf killed
  "$PROVRUN" --repo r restore latest --into killed > "$out" 2> "$err" &
  pid=$!
  sleep "0.0$((i % 5))$i"
  kill -9 $pid 2> /dev/null
  wait $pid 2> /dev/null
  [ -d killed/src/a/b ] && [ ! -d killed/src/c ] || continue
  truncate -s 1 killed/src/a/b/f11 2> /dev/null
done
ok provrun --repo r restore latest --into killed --overwrite --delete
listing killed/src > "$SCRATCH/after"
expect_same "$SCRATCH/before" "$SCRATCH/after"

# Damage leaves no part of a file under its name.
mkdir d
head -c 3000000 /dev/urandom > d/bad
ok provrun --repo s init
ok provrun --repo s backup d
pack=$(find s/packs -type f)
chmod u+w "$pack"
printf 'XXXXXXXX' | dd of="$pack" bs=1 seek=2500000 conv=notrunc status=none
fails 5 provrun --repo s restore latest --into half
[ -z "$(ls -A half/d)" ] || fail "left in half/d: $(ls -A half/d)"
