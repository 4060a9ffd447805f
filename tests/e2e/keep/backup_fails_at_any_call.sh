# A backup is killed, or a call of it fails, at one system call after the other: the repository opens and is whole, what was
# told to be stored can be restored, and the next backup works.   STRIDE=1 tries every call, the default some of them.
command -v strace > /dev/null || skip 'no strace'
strace -f -qq -o /dev/null true 2> /dev/null || skip 'no tracing here'
mkdir -p d/many
for i in $(seq 60); do seq "$i" $((i * 20)) > "d/many/f$i"; done
head -c 3000000 /dev/urandom > d/large
seq 400000 > d/table
truncate -s 2M d/sparse
ln d/table d/again
ok provrun --repo r init
ok provrun --repo r backup d
first=$(provrun --repo r snapshots --json | jq -r 'select(.type=="snapshot").snapshot' | head -n 1)
cp -a d before
echo more >> d/many/f7
echo more >> d/table
head -c 500000 /dev/urandom >> d/large
calls=openat,mkdirat,mkdir,linkat,link,renameat,rename,unlinkat,unlink,write,pwrite64,fsync,fdatasync,ftruncate,fchmod
cp -a r start

# once KIND N: one backup, from the same start, with the fault at the N-th call of each thread. Fails when there is none.
once() { # a killed strace would be told of by this shell
  local kind=$1 n=$2 inject
  rm -rf r home
  mkdir home
  cp -a start r
  case $kind in
  kill) inject="$calls:signal=SIGKILL:when=$n" ;;
  space) inject="write,pwrite64,mkdirat,mkdir,linkat,link,ftruncate:error=ENOSPC:when=$n+" ;;
  broken) inject="write,pwrite64,fsync,fdatasync,linkat:error=EIO:when=$n" ;;
  esac
  HOME=$PWD/home strace -f -qq -o "$SCRATCH/trace" -e trace="$calls" -e inject="$inject" \
    "$PROVRUN" --repo r backup d > "$out" 2> "$err" < /dev/null
  code=$?
  last="$kind at call $n"
  case $kind in
  kill) grep -q 'killed by SIGKILL' "$SCRATCH/trace" || return 1 ;;
  *) grep -q INJECTED "$SCRATCH/trace" || return 1 ;;
  esac
  grep -q 'internal error\|terminate called\|assert' "$err" && fail "$last: it fell over"
  [ $code -lt 128 ] || [ "$kind" = kill ] || fail "$last: ended by a signal ($code)"
}
whole() {
  local told=
  [ "$code" != 0 ] || told=$(sed -n 's/.*snapshot \([0-9a-f]*\).*/\1/p' "$out")
  ok provrun --repo r check --read-data
  rm -rf back
  ok provrun --repo r restore "$first" --into back
  diff -r before back/d > /dev/null || fail 'the first snapshot is another one'
  if [ -n "$told" ]; then
    rm -rf back
    ok provrun --repo r restore "$told" --into back
    diff -r d back/d > /dev/null || fail 'what was told to be stored is not'
  fi
  ok provrun --repo r backup d
  rm -rf back
  ok provrun --repo r restore latest --into back
  diff -r d back/d > /dev/null || fail 'the next backup is not whole'
}
for kind in kill space broken; do
  n=1
  while once $kind $n; do
    whole
    n=$((n + ${STRIDE:-$((1 + n / 3))}))
    [ $n -lt 4000 ] || break
  done
  [ $n -gt 4 ] || fail "$kind reached $n calls only"
  echo "$kind: up to call $n"
done
