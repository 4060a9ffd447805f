# --until stops after the named step.
chain
ok provrun run --until b
r=$(ran)
case " $r " in *' a b '*) ;; *) fail "ran: $r" ;; esac
[ ! -e c.txt ] || fail 'c ran'
