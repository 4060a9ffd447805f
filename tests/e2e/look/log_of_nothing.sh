chain
fails 6 provrun log
has "$err" hint
js -6 log
expect_json '.[0].type == "error" and .[0].code == "not_found" and .[0].exit_code == 6'
