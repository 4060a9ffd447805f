#include "provrun/lineage/edge_source.hpp"

namespace provrun::lineage {

std::string_view name_of(Evidence evidence) {
  switch (evidence) {
    case Evidence::declared:
      return "declared";
    case Evidence::observed:
      return "observed";
    case Evidence::both:
      return "both";
  }
  return {};
}

}  // namespace provrun::lineage
