# Descriptors that are open reach the command, so that a make inside of provrun inside of a make shares its job slots.
ok provrun -q exec -- sh -c 'cat <&3; cat <&4' 3< <(echo third) 4< <(echo fourth)
expect_out 'third
fourth'
cat > Makefile <<'MAKE'
all: ; +@$(PROVRUN) -q make -s -f inner.mk
MAKE
cat > inner.mk <<'MAKE'
all: a b
a b: ; @echo $@ >> made
MAKE
run make -j2
expect_exit 0
lacks "$err" 'jobserver unavailable'
[ "$(sort made | tr '\n' ' ')" = 'a b ' ] || fail 'not all was made'
