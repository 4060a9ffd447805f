#pragma once

#include <string>
#include <string_view>
#include <vector>

// What a make tells of the recipes that it is about to run (docs/design/make.md).
namespace provrun::trace {

/// The makefile that makes it do so.
extern const std::string_view kTargetsMakefile;

/// One line that a make wrote for a recipe that it is about to run.
struct Note {
  std::string value;   ///< of the variable: LEVEL:TARGET
  std::string target;  ///< as core::Recipe has it
  bool exact = false;  ///< it is written once for each recipe
  bool keeps_going = false;
  bool parallel = false;
  std::vector<std::string> prerequisites;
};
/// Of a line without its end; false when it is none.
bool parse_note(std::string_view line, Note& note);
/// What a recipe's line says, from the argv it is started with: a shell's script, else the words.
std::string line_of_arguments(const std::vector<std::string>& arguments);

}  // namespace provrun::trace
