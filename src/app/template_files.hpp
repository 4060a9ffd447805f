#pragma once

#include <span>
#include <string_view>

namespace provrun::app {

struct TemplateFile {
  std::string_view path;  ///< "minimal/pipeline.yaml"
  std::string_view content;
  bool executable;
};

/// The files below workflows/, sorted by path; generated at build time.
std::span<const TemplateFile> template_files();

}  // namespace provrun::app
