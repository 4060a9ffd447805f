#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "diagnostics.hpp"
#include "provrun/pipeline/workflow.hpp"

namespace provrun::pipeline {

/// Which steps have instances that are known only after others have run, and what these are.
struct Deferral {
  /// Per step: the steps that must have discovered their files first. Empty: for no step any.
  std::vector<std::vector<StepId>> awaited;
  /// Per step that awaits something: those it waits for itself, that they are deferred or not.
  std::vector<std::vector<StepId>> waits_for;
  /// Per step that awaits something: what its outputs may look like.
  std::vector<std::vector<std::string>> shapes;

  bool any() const { return !awaited.empty(); }
};

/// A step awaits what its `from` names, what it collects the discovered files of, and what those
/// steps await that it needs, collects from, or reads the outputs of as far as their paths can
/// tell. Where the last would be a circle it is left out: paths look alike that differ later. A
/// circle of the others is reported.
Deferral find_deferral(const Workflow& workflow, Diagnostics& diagnostics);

// A shape is a normal path in which NUL stands for any text. That of a directory ends in "/" and
// NUL.

std::string shape_of(const Template& text, std::string_view folder);
std::string shape_of(const DiscoverRule& rule);
/// Whether one path can be meant by both.
bool may_meet(std::string_view one, std::string_view other);
/// Whether a path (or, with `or_inside`, one inside of it) can be meant by the shape.
bool may_mean(std::string_view shape, std::string_view path, bool or_inside);

}  // namespace provrun::pipeline
