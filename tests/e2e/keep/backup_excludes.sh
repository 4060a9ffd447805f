# What each of the ways to leave something out leaves out.
mkdir -p d/keep d/cache d/marked d/build/deep d/sub/build
printf 'Signature: 8a477f597d28d172789f06886806bc55\n' > d/cache/CACHEDIR.TAG
: > d/cache/gone
: > d/marked/.nobackup
: > d/marked/gone
for f in d/keep/a.o d/keep/a.c d/build/deep/x d/sub/build/y d/keep/b.tmp; do echo "$f" > "$f"; done
head -c 5000 /dev/zero > d/keep/large
printf '*.o\n!a.o\nlocal/\n/anchored\n' > d/keep/.gitignore
mkdir d/keep/local && : > d/keep/local/z
: > d/keep/anchored
ok provrun --repo r init
stored() { # OPTION...: the paths in the snapshot, on one line
  ok provrun --repo r backup d --host "$RANDOM" "$@"
  ok provrun --repo r ls latest --json
  json '.[]|select(.type=="entry" and .kind=="file")|.path' | tr '\n' ' '
}
check() { # EXPECTED-ABSENT... -- EXPECTED-PRESENT...  in $list
  local want=absent f
  for f; do
    if [ "$f" = -- ]; then want=present; continue; fi
    case " $list " in
    *" $f "*) [ $want = present ] || fail "$f is there: $list" ;;
    *) [ $want = absent ] || fail "$f is missing: $list" ;;
    esac
  done
}
list=$(stored -e '*.tmp' -e build/) && check d/keep/b.tmp d/build/deep/x d/sub/build/y -- d/keep/a.o
list=$(stored -e 'd/build') && check d/build/deep/x -- d/sub/build/y
list=$(stored -e "$PWD/d/keep" -e '!a.c') && check d/keep/a.o d/keep/a.c -- d/build/deep/x
list=$(stored --exclude-caches) && check d/cache/gone -- d/cache/CACHEDIR.TAG
list=$(stored --exclude-if-present .nobackup) && check d/marked/gone d/marked/.nobackup -- d/keep/a.c
list=$(stored --exclude-larger-than 4kB) && check d/keep/large -- d/keep/a.c
list=$(stored --gitignore) && check d/keep/local/z d/keep/anchored -- d/keep/a.o d/keep/.gitignore
printf '# comment\n\n*.c\n' > patterns
list=$(stored --exclude-file patterns) && check d/keep/a.c -- d/keep/a.o
printf 'd/keep/a.c\0d/cache' > list0
ok provrun --repo r backup --files-from0 list0
ok provrun --repo r ls latest --json
expect_json '[.[]|select(.kind=="file")|.path] == ["d/cache/CACHEDIR.TAG","d/cache/gone","d/keep/a.c"]'
fails 2 provrun --repo r backup d --exclude-larger-than many
has "$err" "needs a size, not 'many'"
