#pragma once

#include <string>
#include <vector>

#include "diagnostics.hpp"
#include "expander.hpp"
#include "graph_data.hpp"

namespace provrun::pipeline {

/// Fills a Graph. Instances are numbered as declared while it works and renumbered at the end.
class GraphBuilder {
 public:
  GraphBuilder(Graph& graph, const Wanted& wanted);
  void build();
  /// The graph was built before. See pipeline::grow; after an error it is as it may be.
  void grow(std::span<const Discovered> found);

  static Graph new_graph(const Workflow& workflow) { return Graph(workflow); }
  static Graph::Data& data_of(Graph& graph) { return *graph.data_; }

 private:
  friend class PatternSearch;
  void make_instances();
  void make_instances_of(StepId id);
  void make_rows_of(StepId id);
  void note_discovered(const Discovered& found);
  void claim_discovery(std::uint32_t instance, std::uint32_t output);
  void check_discoveries();
  void link_discoveries(std::uint32_t instance, std::uint32_t path, Place place);
  bool is_read_already(std::uint32_t path);
  void link();
  bool is_wanted(StepId id, std::uint32_t row);
  void set_instance_name(StepId id, std::uint32_t row, std::string& name) const;
  void number_instances_of();
  void add_instance(StepId id, std::uint32_t row, std::string_view name);

  void make_on_demand();
  void add_made_instance(StepId id, const std::vector<std::string>& values);

  void claim_outputs_of(std::uint32_t instance);
  void claim_output(std::uint32_t instance, const Template& text, bool is_file);
  void claim_stream(std::uint32_t instance, const std::optional<Template>& text);
  void claim_path(std::uint32_t instance, std::string_view text, Place place);
  void check_working_directory(std::uint32_t instance);
  void check_output_places();

  void link_inputs();
  void add_input(std::uint32_t instance, std::uint32_t path, bool is_directory, Place place);
  void add_update(std::uint32_t instance, std::uint32_t path, bool is_directory, Place place);
  void link_input_directories();
  void join_predecessors();
  static void check_edge_count(std::size_t count);
  void report_cycle(const std::vector<std::uint32_t>& cycle);

  /// The path's number, and whether it was written with a trailing slash.
  std::pair<std::uint32_t, bool> intern(std::string_view text);
  /// Evaluates one path template; nullopt after an error.
  std::optional<std::string_view> path_text(const Template& text, std::uint32_t instance);
  InstanceView view(std::uint32_t instance) const;
  std::string describe(std::uint32_t instance) const;

  Graph& graph_;
  Graph::Data& data_;
  const Workflow& workflow_;
  const Wanted& wanted_;
  Diagnostics diagnostics_;
  Expander expander_;
  std::string text_;  // buffers
  std::string normal_;

  // What was there before grow; 0 in build.
  std::uint32_t old_instances_ = 0;
  std::uint32_t old_paths_ = 0;
  std::uint32_t old_discoveries_ = 0;
  std::vector<std::uint32_t> row_makers_;  // per row that was made: who discovered it
  std::vector<std::uint32_t> first_row_;   // per step: its first one in row_makers_
  bool has_new_directories_ = false;
  std::vector<bool> read_already_;  // per old path; empty: not asked yet

  struct DirectoryInput {
    std::uint32_t instance;
    std::uint32_t path;
    Place place;
  };
  std::vector<Place> output_places_;  // per path
  std::vector<DirectoryInput> directory_inputs_;
  std::vector<std::uint32_t> seen_by_;   // per path: 1 + the last instance that reads it
  Lists<InstanceId> data_predecessors_;  // per instance, unsorted, with repetitions
  std::vector<std::pair<std::uint32_t, std::uint32_t>>
      late_edges_;  // reader, maker: of directories
};

/// A topological order of the instances that keeps their numbers where it can: position → instance.
/// Empty if there is a cycle, which is then written to `cycle` in the direction of data.
std::vector<std::uint32_t> topological_order(const Lists<InstanceId>& predecessors,
                                             std::vector<std::uint32_t>& cycle);
/// Numbers the instances by the order and fills the successors.
void renumber(Graph::Data& data, const std::vector<std::uint32_t>& order);

}  // namespace provrun::pipeline
