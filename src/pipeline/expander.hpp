#pragma once

#include <string>
#include <string_view>

#include "graph_data.hpp"
#include "provrun/pipeline/workflow.hpp"

namespace provrun::pipeline {

/// One instance as templates see it.
struct InstanceView {
  const Step& step;
  std::uint32_t row = 0;
  std::string_view name;
  const InstanceTable* table = nullptr;

  std::string_view variable(std::size_t index) const {
    return table->cells[row * table->variables.size() + index];
  }
};

enum class Insertion {
  path,   ///< plainly; `inputs` and `outputs` must be one path
  words,  ///< quoted for the shell
  text    ///< plainly; several paths joined by spaces
};

/// Turns templates into text for one instance.
class Expander {
 public:
  Expander(const Workflow& workflow, const Graph::Data& data) : workflow_(workflow), data_(data) {}

  /// Appends the text. False if a path was wanted and the template names none or several. Paths of
  /// `inputs` and `outputs` are spelled as seen from the directory.
  bool append(const Template& text, const InstanceView& instance, Insertion insertion,
              std::string& out, std::string_view directory = ".") const;
  /// The normal path of the instance's working directory.
  std::string directory(const InstanceView& instance) const;

 private:
  struct Words;
  bool append_pieces(const Template& text, const InstanceView& instance, Insertion insertion,
                     std::string& out, std::string_view directory) const;
  void append_input(const InputDeclaration& input, const InstanceView& instance,
                    Words& words) const;
  void append_output(const OutputDeclaration& output, const InstanceView& instance,
                     Words& words) const;
  const Workflow& workflow_;
  const Graph::Data& data_;
};

}  // namespace provrun::pipeline
