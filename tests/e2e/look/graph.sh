# DOT by default, SVG on request; both well-formed, both name every step.
chain
ok provrun graph
has "$out" digraph
for s in a b c d; do has "$out" "$s"; done
ok provrun graph --format svg
python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$out" || fail 'not well-formed'
has "$out" '<svg'
