# A small C project with a library in a folder: what is recorded of each target is what make itself knows of it, and
# the headers that it does not know.
traced_or_skip
mkdir src include lib
printf '#define N 3\n' > include/util.h
printf '#include "util.h"\nint x(void); int util(void); int main(void) { return util() + x() - N - 1; }\n' > src/main.c
printf '#include "util.h"\nint util(void) { return N; }\n' > src/util.c
printf 'int x(void) { return 1; }\n' > lib/x.c
cat > Makefile <<'MAKE'
objects = build/main.o build/util.o
build/prog: $(objects) lib/libx.a
	$(CC) -o $@ $^
	@echo linked $@
build/%.o: src/%.c | build
	$(CC) -Iinclude -c $< -o $@
build: ; mkdir -p $@
lib/libx.a: lib/x.c
	$(MAKE) -C lib libx.a
MAKE
printf 'libx.a: x.o ; ar rcs $@ $^\nx.o: x.c ; $(CC) -c $< -o $@\n' > lib/Makefile
run provrun --json make -s -j2
expect_exit 0
valid
expect_summary state=completed executed=8 failed=0 exit_code=0
expect_json '[.[]|select(.type=="step")|.step]|sort ==
  ["build","build/main.o","build/prog","build/util.o","lib/libx.a","lib/libx.a#2","lib/x.o","make"]'
./build/prog || fail 'the program does not work'
js lineage up build/prog
for source in src/main.c src/util.c include/util.h lib/x.c; do
  expect_json "[.[]|select(.type==\"edge\" and .relation==\"used\")|.path]|index(\"$source\")"
done
expect_json '[.[]|select(.type=="edge" and .path=="build/main.o" and .relation=="generated")][0].evidence == "both"'
expect_json '[.[]|select(.type=="edge" and .path=="include/util.h")][0].evidence == "observed"'
js lineage down include/util.h
expect_json '[.[]|select(.relation=="generated")|.path]|contains(["build/main.o","build/util.o","build/prog"])'
# The oracle: prerequisites as make's own data base has them.
make -pn -B build/prog 2> /dev/null > "$SCRATCH/database"
js show build/prog
for target in build/prog build/main.o build/util.o; do
  js show "$target"
  json '.[]|select(.type=="execution")|(.observation.undeclared_inputs//[]) as $u|.inputs[].path|select(. as $p|$u|index($p)|not)' |
    sort > "$SCRATCH/recorded"
  sed -n "s|^$target: ||p" "$SCRATCH/database" | tr ' ' '\n' | sed '/^|$/,$d' | sort > "$SCRATCH/known"
  [ -s "$SCRATCH/known" ] || fail "make does not know $target"
  expect_same "$SCRATCH/known" "$SCRATCH/recorded"
done
js show build/prog
expect_json '[.[]|select(.type=="execution")][0].key.run | length == 2 and .[1] == "echo linked build/prog"'
js show lib/x.o
expect_json '[.[]|select(.type=="execution")][0].key.directory == "lib"'
js show make
expect_json '[.[]|select(.type=="execution")|.inputs[].path]|index("Makefile")'
# Nothing is to be done: that is said, and no run is recorded.
before=$(last_run)
ok provrun make
expect_out "make: 'build/prog' is up to date."
expect_err 'provrun: make ran no recipe; there is nothing to record'
[ "$(last_run)" = "$before" ] || fail 'a run without recipes was recorded'
