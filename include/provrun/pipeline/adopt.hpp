#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace provrun::pipeline {

/// Paths to add to what a step declares.
struct Adoption {
  std::string step;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
};

/// Whether a path can be written as a plain word into a pipeline: no template, no glob, no quotes
/// needed.
bool can_be_adopted(std::string_view path);

/// A path of the workspace as it is written in an included file of the folder ("": the workspace).
std::string path_in_folder(std::string_view path, std::string_view folder);

/// The pipeline's text with the paths added to the step, everything else, comments and layout
/// included, as it is. step_line: the line of the step's key, from 1. nullopt where the text is
/// laid out in a way that this does not know. The caller loads the result to see that it means what
/// it should.
std::optional<std::string> adopt(std::string_view text, int step_line, const Adoption& adoption);

}  // namespace provrun::pipeline
