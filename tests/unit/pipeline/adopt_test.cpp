#include "provrun/pipeline/adopt.hpp"

#include "support/catch.hpp"

using provrun::pipeline::adopt;
using provrun::pipeline::Adoption;

namespace {

const Adoption kBoth{"a", {"x", "y/z"}, {"o"}};

}  // namespace

TEST_CASE("a step without inputs gets them, and comments stay") {
  CHECK(
      adopt("steps:\n  a:  # first\n    # why\n    run: cat x\n  b:\n    run: echo\n", 2, kBoth) ==
      "steps:\n  a:  # first\n    inputs: [x, y/z]\n    outputs: [o]\n    # why\n    run: cat x\n"
      "  b:\n    run: echo\n");
}

TEST_CASE("values in one line become or stay lists") {
  CHECK(adopt("steps:\n  a:\n    inputs: in  # the data\n    outputs: [p]\n    run: cat\n", 2,
              kBoth) ==
        "steps:\n  a:\n    inputs: [in, x, y/z]  # the data\n    outputs: [p, o]\n    run: cat\n");
  CHECK(adopt("steps:\n  a: {inputs: in, outputs: \"p\", run: 'cat {inputs}'}\n", 2, kBoth) ==
        "steps:\n  a: {inputs: [in, x, y/z], outputs: [\"p\", o], run: 'cat {inputs}'}\n");
  CHECK(adopt("steps:\n  a: {run: cat}\n", 2, kBoth) ==
        "steps:\n  a: {inputs: [x, y/z], outputs: [o], run: cat}\n");
}

TEST_CASE("named ones get one more name, lists one more item") {
  CHECK(adopt("steps:\n  a:\n    inputs:\n      data: in\n    outputs: {p: q}\n    run: cat\n", 2,
              kBoth) ==
        "steps:\n  a:\n    inputs:\n      data: in\n      adopted: [x, y/z]\n"
        "    outputs: {p: q, adopted: [o]}\n    run: cat\n");
  CHECK(adopt("steps:\n  a:\n    inputs:\n    - in\n\n    # next\n    outputs:\n      - p\n"
              "    run: cat",
              2, kBoth) ==
        "steps:\n  a:\n    inputs:\n    - in\n    - x\n    - y/z\n\n    # next\n    outputs:\n"
        "      - p\n      - o\n    run: cat");
  CHECK(adopt("steps:\n  a:\n    inputs: {collect: b}\n    run: cat\n", 2, {"a", {"x"}, {}}) ==
        "steps:\n  a:\n    inputs: [{collect: b}, x]\n    run: cat\n");
}

TEST_CASE("what is laid out otherwise is left alone") {
  CHECK_FALSE(adopt("steps:\n  a: *other\n", 2, kBoth));
  CHECK_FALSE(adopt("steps:\n  a:\n    inputs: *files\n    run: cat\n", 2, kBoth));
  CHECK_FALSE(adopt("steps:\n  a:\n    inputs: [in,\n      more]\n    run: cat\n", 2, kBoth));
  CHECK_FALSE(adopt("steps:\n  a: {run: cat}\n", 9, kBoth));
  CHECK_FALSE(provrun::pipeline::can_be_adopted("a b"));
  CHECK_FALSE(provrun::pipeline::can_be_adopted("x{y}"));
  CHECK_FALSE(provrun::pipeline::can_be_adopted("*.csv"));
  CHECK(provrun::pipeline::can_be_adopted("data/2024-01.csv"));
}
