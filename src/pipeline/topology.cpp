#include <algorithm>

#include "graph_builder.hpp"

namespace provrun::pipeline {

std::vector<std::uint32_t> topological_order(const Lists<InstanceId>& predecessors,
                                             std::vector<std::uint32_t>& cycle) {
  enum : std::uint8_t { fresh, open, done };
  const auto count = predecessors.size();
  std::vector<std::uint8_t> state(count, fresh);
  std::vector<std::uint32_t> order;
  order.reserve(count);
  struct Frame {
    std::uint32_t instance;
    std::uint32_t next;
  };
  std::vector<Frame> stack;  // not the machine's: chains have a hundred thousand links
  for (std::uint32_t start = 0; start < count; ++start) {
    if (state[start] == fresh) stack.push_back({start, 0});
    while (!stack.empty()) {
      auto& frame = stack.back();
      const auto before = predecessors[frame.instance];
      state[frame.instance] = open;
      if (frame.next == before.size()) {
        state[frame.instance] = done;
        order.push_back(frame.instance);
        stack.pop_back();
        continue;
      }
      const auto next = static_cast<std::uint32_t>(before[frame.next++]);
      if (state[next] == fresh) {
        stack.push_back({next, 0});
      } else if (state[next] == open) {
        // From `next` up to the top each frame waits for the one above it: data flows down.
        const auto bottom = std::find_if(stack.begin(), stack.end(),
                                         [&](const Frame& f) { return f.instance == next; });
        for (auto it = stack.end(); it != bottom;) cycle.push_back((--it)->instance);
        std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
        return {};
      }
    }
  }
  return order;
}

namespace {

template <typename T>
std::vector<T> permuted(const std::vector<T>& values, const std::vector<std::uint32_t>& order) {
  std::vector<T> result;
  result.reserve(values.size());
  for (const auto old : order) result.push_back(values[old]);
  return result;
}

template <typename T>
Lists<T> permuted(const Lists<T>& lists, const std::vector<std::uint32_t>& order) {
  Lists<T> result;
  result.reserve(lists.size(), lists.item_count());
  for (const auto old : order) {
    for (const auto item : lists[old]) result.add(item);
    result.finish();
  }
  return result;
}

void fill_successors(Graph::Data& data) {
  const auto count = data.step_of.size();
  std::vector<std::uint32_t> degrees(count, 0);
  for (std::size_t i = 0; i < count; ++i)
    for (const auto before : data.predecessors[i]) ++degrees[index_of(before)];
  std::vector<std::size_t> next(count, 0);
  std::size_t total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    next[i] = total;
    total += degrees[i];
  }
  std::vector<InstanceId> items(total);
  for (std::size_t i = 0; i < count; ++i)
    for (const auto before : data.predecessors[i])
      items[next[index_of(before)]++] = Graph::instance(i);
  data.successors = {};
  data.successors.reserve(count, total);
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    for (; at < next[i]; ++at) data.successors.add(items[at]);
    data.successors.finish();
  }
}

}  // namespace

void renumber(Graph::Data& data, const std::vector<std::uint32_t>& order) {
  if (!std::is_sorted(order.begin(), order.end())) {
    std::vector<std::uint32_t> position(order.size());
    for (std::size_t i = 0; i < order.size(); ++i)
      position[order[i]] = static_cast<std::uint32_t>(i);
    const auto moved = [&](InstanceId id) { return Graph::instance(position[index_of(id)]); };
    data.name_of = permuted(data.name_of, order);
    data.step_of = permuted(data.step_of, order);
    data.row_of = permuted(data.row_of, order);
    data.inputs = permuted(data.inputs, order);
    data.outputs = permuted(data.outputs, order);
    for (auto& id : data.named) id = moved(id);
    for (auto& producer : data.producers)
      if (producer != kNoInstance) producer = position[producer];
    for (auto& discovery : data.discoveries) discovery.by = moved(discovery.by);
    std::stable_sort(data.discoveries.begin(), data.discoveries.end(),
                     [](const auto& a, const auto& b) { return a.by < b.by; });
    Lists<InstanceId> instances;
    for (std::size_t step = 0; step < data.instances_of.size(); ++step) {
      for (const auto id : data.instances_of[step]) instances.add(moved(id));
      instances.finish();
    }
    data.instances_of = std::move(instances);

    Lists<InstanceId> predecessors;
    std::vector<std::uint8_t> order_only;
    std::vector<std::pair<InstanceId, std::uint8_t>> row;
    predecessors.reserve(order.size(), data.predecessors.item_count());
    order_only.reserve(data.order_only.size());
    for (const auto old : order) {
      row.clear();
      const auto begin = data.predecessors.begin_of(old);
      const auto before = data.predecessors[old];
      for (std::size_t i = 0; i < before.size(); ++i)
        row.emplace_back(moved(before[i]),
                         data.order_only.empty() ? std::uint8_t{0} : data.order_only[begin + i]);
      std::sort(row.begin(), row.end());
      for (const auto& [id, only] : row) {
        predecessors.add(id);
        if (!data.order_only.empty()) order_only.push_back(only);
      }
      predecessors.finish();
    }
    data.predecessors = std::move(predecessors);
    data.order_only = std::move(order_only);
  }
  fill_successors(data);
}

}  // namespace provrun::pipeline
