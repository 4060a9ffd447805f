#pragma once

#include <span>
#include <string_view>

// The manual, made at build time from docs/manual/cli by tools/manual.
namespace provrun::cli {

struct ManualPage {
  std::string_view verb;     ///< empty for the page of provrun itself
  std::string_view summary;  ///< one line without a full stop
  std::string_view text;     ///< the whole page, at most 80 columns wide, ends with a newline
};

/// The page of provrun first, then the verbs in the order in which that page lists them.
std::span<const ManualPage> manual_pages();

struct CompletionScript {
  std::string_view shell;  ///< "bash", "zsh" or "fish"
  std::string_view text;
};

std::span<const CompletionScript> completion_scripts();

}  // namespace provrun::cli
