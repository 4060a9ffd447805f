# A pool limits what runs at once; --resources gives it another number for one run.
pipeline <<'YAML'
provrun: 1
pools: {disk: 1}
steps:
  use:
    foreach: {range: [1, 4]}
    resources: {pool: disk}
    outputs: "out/{item}"
    run: |
      mkdir lock || { echo two at once; exit 9; }
      sleep 0.05
      rmdir lock
      echo done > {outputs}
YAML
ok provrun run -j4
fails 6 provrun run --resources dsik=2
has "$err" "did you mean 'disk'?"
fails 2 provrun run --resources disk=many
sed -i 's/pool: disk/pool: disc/' pipeline.yaml
fails 2 provrun run
has "$err" "there is no pool 'disc'"
