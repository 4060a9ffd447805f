# What make says, on both streams, and its exit code are what they are without provrun, byte for byte.
traced_or_skip
mkdir d
printf 'x: ; @echo in $(CURDIR) $(MAKEFLAGS)\n' > d/Makefile
cat > Makefile <<'MAKE'
$(info list [$(MAKEFILE_LIST)] first [$(firstword $(MAKEFILE_LIST))] goal [$(.DEFAULT_GOAL)] flags [$(MAKEFLAGS)])
said := $(shell echo from shell)
all: a b two | c
	@echo all $(said) $^ $@
	-false
	+@$(MAKE) -C d x
a: ; @echo a; echo to the other stream >&2
b: a
	@echo b level $(MAKELEVEL)
c: ; : c
two:: a ; @echo first
two:: b ; @echo second
fails: a ; exit 3
tests: all fails
killed: ; kill -9 $$$$
missing: ; no-such-program --at all
%.any: ; @echo made from nothing $@
Makefile: ;
MAKE
same() {
  "$@" > "$SCRATCH/plain.out" 2> "$SCRATCH/plain.err" < /dev/null
  local expected=$?
  run provrun -q "$@"
  [ "$code" = "$expected" ] || fail "exit $code, without provrun $expected"
  expect_same "$SCRATCH/plain.out" "$out"
  expect_same "$SCRATCH/plain.err" "$err"
}
same make
same make -j1 all
same make -j4 -s b c
same make -k fails killed c
same make tests
same make missing
same make -n tests
same make -q all
same make -i fails
same make x.any
same make -s -C d
same make VALUE='a b' -B all
same make -f no-such-makefile
same make nothing-like-that
same make --trace b
same make --warn-undefined-variables b
same make -e -R -r all
same make --version
same make --no-such-option
mkdir empty
cd empty || exit
same make
: > Makefile
same make
printf '%%: force ; @echo any $@\nforce: ;\n' > Makefile
same make some
printf '.POSIX:\n.SUFFIXES:\n.SUFFIXES: .a .b\n.a.b: ; cp $< $@\n' > Makefile
touch x.a
same make -B x.b

same make -t x.b
printf '.RECIPEPREFIX = >\nunexport\nexport LEFT = $@\nt: RIGHT = 5\nt: export RIGHT\nt:\n> @echo $$LEFT $$RIGHT\n' > Makefile
same make
