#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace provrun::pipeline {

/// A place in one of the files that shaped a workflow; Workflow::position makes a base::Position of
/// it.
struct Place {
  std::uint32_t file = 0;    ///< 0: the pipeline; others: Workflow::files()
  std::uint32_t line = 0;    ///< from 1; 0: unknown
  std::uint32_t column = 0;  ///< from 1, in bytes
};

/// A string with `{…}` templates, compiled once when the workflow is loaded. Parameters are known
/// then and have already become literals.
struct Template {
  enum class What : std::uint8_t {
    literal,   ///< text
    words,     ///< a list parameter: `list` of Template
    variable,  ///< value of the instance's variable `index`
    inputs,    ///< all inputs
    input,     ///< input declaration `index`
    outputs,   ///< all outputs
    output,    ///< output declaration `index`
    step,      ///< the step's name
    name,      ///< the instance's name
    cpus       ///< resources.cpus
  };
  struct Piece {
    What what = What::literal;
    bool raw = false;  ///< `:raw`, or a literal: never quoted
    std::uint32_t index = 0;
    std::string text;               ///< literals
    std::vector<std::string> list;  ///< words
  };
  std::vector<Piece> pieces;
  Place place;
};

}  // namespace provrun::pipeline
