# Something else under the name .provrun: said, and left alone.
chain
for make in 'touch' 'ln -s nowhere' 'ln -s .provrun'; do
  $make .provrun
  before=$(fingerprint .)
  fails 2 provrun run
  expect_out ''
  expect_err_like "provrun: error: HERE/.provrun is no directory
hint: provrun keeps its records under this name: move what is there away"
  [ "$(fingerprint .)" = "$before" ] || fail 'something was written'
  rm .provrun
done
ok provrun run
# Strange files in it harm nothing.
touch .provrun/runs/file .provrun/file
mkdir .provrun/runs/folder
rm d.txt
ok provrun run
expect_file d.txt d
