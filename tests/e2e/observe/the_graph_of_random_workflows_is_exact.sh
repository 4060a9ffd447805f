# The known-graph oracle on the real thing: workflows made by chance, their reads and writes known.
traced_or_skip
export PATH=/usr/bin:/bin  # where python3 is a program, not a script that reads files of its own
cat > make.py <<'PY'
import json, random, sys
random.seed(int(sys.argv[1]))
sources = ["s%d" % i for i in range(3)]
for name in sources:
    open(name, "w").write(name)
graph, lines = {}, ["provrun: 1", "steps:"]
for i in range(8):
    reads = sorted(random.sample(sources + ["o%d" % k for k in range(i)], random.randint(1, 3)))
    needs = ["t" + r[1:] for r in reads if r[0] == "o"]
    if i % 3 == 2:
        code = "open('o%d','w').write(''.join(open(f).read() for f in %r)+'%d')" % (i, reads, i)
        script = 'python3 -c "%s"' % code
    else:
        script = "cat %s > o%d; echo %d >> o%d" % (" ".join(reads), i, i, i)
    lines.append("  t%d: {needs: %s, run: %s}" % (i, json.dumps(needs), json.dumps(script)))
    graph["t%d" % i] = reads
open("pipeline.yaml", "w").write("\n".join(lines) + "\n")
json.dump(graph, open("graph.json", "w"))
PY
for seed in 1 2 3 4; do
  mkdir "$seed"
  (cd "$seed" && python3 ../make.py "$seed")
  cd "$seed" || fail 'no folder'
  js run
  expect_summary executed=8
  js show latest
  jq -s -c '[.[]|select(.type=="execution")|{key:.step,value:[.inputs[].path]|sort}]|from_entries' "$out" > seen.json
  jq -c . graph.json | jq -S . > expected
  jq -S . seen.json > actual
  cmp expected actual || fail "the graph differs: $(diff expected actual)"
  js run
  expect_summary up_to_date=8
  echo changed > s0
  js run
  jq -r 'to_entries[]|.key + " " + (.value|join(" "))' graph.json > edges
  # The steps behind s0, by following the edges.
  reached=s0
  while read -r step inputs; do
    for input in $inputs; do
      case " $reached " in *" $input "*) reached="$reached o${step#t}"; break ;; esac
    done
  done < edges
  expected=$(($(wc -w <<< "$reached") - 1))
  expect_summary "executed=$expected"
  cd ..
done
