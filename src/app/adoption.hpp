#pragma once

#include <functional>
#include <string>
#include <vector>

#include "provrun/app/pipeline_file.hpp"
#include "provrun/engine/engine.hpp"

namespace provrun::app {

/// Writes what steps with `undeclared: adopt` were observed to use into the pipeline file, or says
/// why not. The file is replaced as a whole, and only by a text that means the same with these
/// paths added.
void adopt_undeclared(const LoadedPipeline& loaded, const std::vector<engine::Undeclared>& found,
                      const std::vector<pipeline::Override>& overrides,
                      const std::function<void(const std::string&)>& notice);

}  // namespace provrun::app
