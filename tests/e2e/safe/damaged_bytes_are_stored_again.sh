# Bytes that verify or check found damaged are stored again by the next run that has them; the old run is whole then.
head -c 400000 /dev/urandom > big.bin
echo 1 > small.txt
pipeline <<'YAML'
provrun: 1
name: heal
steps:
  s: {inputs: [big.bin, small.txt], outputs: o.txt, run: "cat small.txt > o.txt"}
YAML
ok provrun run -q
first=$(last_run)
pack=$(find .provrun/repository/packs -type f -size +300k)
chmod u+w "$pack"
printf 'XXXXXXXX' | dd of="$pack" bs=1 seek=200000 conv=notrunc status=none
echo 2 > small.txt
ok provrun run -q
# Nobody had read the damaged bytes, so nobody knew.
fails 5 provrun verify "$first"
echo 3 > small.txt
ok provrun run -q
ok provrun verify "$first"
ok provrun verify latest
ok provrun restore --run "$first" --into back
expect_same back/big.bin big.bin

for pack in $(find .provrun/repository/packs -type f -size +300k); do
  chmod u+w "$pack"
  printf 'XXXXXXXX' | dd of="$pack" bs=1 seek=200000 conv=notrunc status=none
done
fails 5 provrun check --read-data
echo 4 > small.txt
ok provrun run -q
ok provrun verify "$first"

# So are those of packs that are gone, also what nothing readable leads to any more, once check has missed them.
mkdir ../gone
cp pipeline.yaml big.bin small.txt ../gone
cd ../gone
ok provrun run -q
find .provrun/repository/packs -type f -delete
fails 5 provrun check
echo 5 > small.txt
ok provrun run -q
ok provrun verify latest
ok provrun restore --run latest --into again
expect_same again/big.bin big.bin
