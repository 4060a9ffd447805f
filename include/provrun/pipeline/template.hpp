#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace provrun::pipeline {

/// A place in a text that shaped a workflow; Workflow::position makes a base::Position of it.
struct Place {
  std::uint32_t file = 0;    ///< 0: the pipeline; then the parameters file and the overrides
  std::uint32_t line = 0;    ///< from 1; 0: unknown
  std::uint32_t column = 0;  ///< from 1, in bytes; 0: unknown
};

/// A string with `{…}` templates, compiled once when the workflow is loaded. What all instances of
/// a step share (parameters, the step's name, cpus) has become literal text by then.
struct Template {
  enum class What : std::uint8_t {
    literal,   ///< `text`
    variable,  ///< the value of the instance's variable number `index`
    name,      ///< the instance's name
    inputs,    ///< all inputs
    input,     ///< the input declaration number `index`
    outputs,   ///< all outputs
    output     ///< the output declaration number `index`
  };
  struct Piece {
    What what = What::literal;
    bool raw = false;  ///< `:raw`: not quoted for the shell
    std::uint32_t index = 0;
    std::string text;
  };
  std::vector<Piece> pieces;
  Place place;

  bool is_literal() const {
    return pieces.empty() || (pieces.size() == 1 && pieces[0].what == What::literal);
  }
};

}  // namespace provrun::pipeline
