#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "deferral.hpp"
#include "interner.hpp"
#include "provrun/pipeline/graph.hpp"

namespace provrun::pipeline {

/// Many short lists in one block.
template <typename T>
class Lists {
 public:
  std::size_t size() const { return ends_.size() - 1; }
  std::span<const T> operator[](std::size_t list) const {
    return {items_.data() + ends_[list], items_.data() + ends_[list + 1]};
  }
  void add(T item) { items_.push_back(item); }
  /// Ends the current list; the next one begins.
  void finish() { ends_.push_back(items_.size()); }
  /// The items added since the last finish().
  std::span<T> open() { return {items_.data() + ends_.back(), items_.data() + items_.size()}; }
  void shrink_open(std::size_t count) { items_.resize(ends_.back() + count); }
  std::size_t item_count() const { return items_.size(); }
  std::size_t begin_of(std::size_t list) const { return ends_[list]; }
  void reserve(std::size_t lists, std::size_t items) {
    ends_.reserve(lists + 1);
    items_.reserve(items);
  }

 private:
  std::vector<T> items_;
  std::vector<std::size_t> ends_{0};
};

inline constexpr std::uint32_t kNoInstance = UINT32_MAX;

struct Graph::Data {
  Interner paths;
  std::vector<std::uint32_t> producers;   // per path: instance or kNoInstance
  std::vector<std::uint8_t> directories;  // per path
  bool has_output_directories = false;

  Interner names;
  std::vector<std::uint32_t> name_of;  // per instance: in names
  std::vector<InstanceId> named;       // per name
  std::vector<StepId> step_of;         // per instance
  std::vector<std::uint32_t> row_of;   // per instance
  Lists<InstanceId> instances_of;      // per step
  std::vector<InstanceTable> made;     // per step: the rows of pattern rules; empty: there are none
  Lists<PathId> inputs;                // per instance
  Lists<PathId> outputs;
  Lists<InstanceId> predecessors;
  std::vector<std::uint8_t> order_only;  // per item of predecessors; empty: none is
  Lists<InstanceId> successors;

  Deferral deferral;
  std::vector<std::uint8_t> deferred;  // per step; empty: none is, or was
  std::vector<Discovery> discoveries;  // sorted by instance
  std::unordered_multimap<std::string, std::uint32_t> discoveries_in;  // by folder: in discoveries

  /// The variables of a step's instances; nullptr if it has none.
  const InstanceTable* table_of(const Workflow& workflow, StepId step) const;
  /// Calls use(PathId) for each output of an instance that a `{collect: …}` takes.
  template <class Use>
  void each_collected(const Step& step, const Collect& collect, InstanceId id, Use use) const;
  std::span<const Discovery> discoveries_of(InstanceId id) const;
  void index_discoveries();
  bool is_deferred(StepId step) const { return !deferred.empty() && deferred[index_of(step)] != 0; }
  /// Deferred, and all that it awaits has come.
  bool is_ready(StepId step) const;
  /// The instance that discovers the path, or kNoInstance.
  std::uint32_t discoverer(std::string_view normal_path) const;
  /// The instance that makes a path, directly or as part of an output directory; or kNoInstance.
  std::uint32_t maker(std::uint32_t path) const;
  /// The instance with an output directory that a path lies in; or kNoInstance.
  std::uint32_t directory_maker(std::string_view normal_path) const;
};

template <class Use>
void Graph::Data::each_collected(const Step& step, const Collect& collect, InstanceId id,
                                 Use use) const {
  const auto all = outputs[index_of(id)];
  std::size_t at = 0;
  for (std::uint32_t i = 0; i < step.outputs.size(); ++i) {
    const auto& output = step.outputs[i];
    const bool is_wanted = !collect.output || i == *collect.output;
    // Fewer only after an output that was refused; the graph is not delivered then.
    for (std::size_t n = 0; n < output.paths.size() && at < all.size(); ++n, ++at)
      if (is_wanted) use(all[at]);
    if (!output.discover || !is_wanted) continue;
    for (const auto& discovery : discoveries_of(id))
      if (discovery.output == i)
        for (const auto file : discovery.files) use(file);
  }
}

}  // namespace provrun::pipeline
