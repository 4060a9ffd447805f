#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/base/error.hpp"
#include "provrun/pipeline/template.hpp"

namespace provrun::pipeline {

/// The texts that places point into: the pipeline first, then the parameters file and overrides.
class SourceTexts {
 public:
  /// Returns the index for Place::file.
  std::uint32_t add(std::string name, std::string text);
  const std::string& name(std::uint32_t file) const { return files_[file].name; }
  const std::string& text(std::uint32_t file) const { return files_[file].text; }
  base::Position position(Place place) const;
  /// The place of the first occurrence of the needle at or after a place; the place itself if there
  /// is none within the next 64 KiB.
  Place find(Place from, std::string_view needle) const;

 private:
  struct File {
    std::string name;
    std::string text;
    std::vector<std::size_t> line_starts;
  };
  static std::size_t line_start(const File& file, std::uint32_t line);
  std::vector<File> files_;
};

/// Collects what is wrong with a workflow, so that one pass can report all of it.
class Diagnostics {
 public:
  explicit Diagnostics(const SourceTexts& texts) : texts_(texts) {}
  void add(Place place, std::string message, std::string hint = {});
  /// About a file that is not among the texts. Listed after those that are.
  void add_elsewhere(base::Position position, std::string message, std::string hint = {});
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  const SourceTexts& texts() const { return texts_; }
  /// Throws base::ErrorList (invalid_input) in the order of the places, if there is anything.
  void throw_if_any();

 private:
  struct Entry {
    Place place;
    base::Error error;
  };
  const SourceTexts& texts_;
  std::vector<Entry> entries_;
};

/// "did you mean 'x'?" with the nearest candidate, else the fallback.
std::string suggestion(std::string_view word, const std::vector<std::string>& candidates,
                       std::string fallback = {});

}  // namespace provrun::pipeline
