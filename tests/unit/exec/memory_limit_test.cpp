#include "../../../src/exec/memory_limit.hpp"

#include "support/catch.hpp"

using provrun::exec::find_control_groups;

TEST_CASE("control groups are found where the kernel says that they are") {
  SECTION("version 1, in a container whose root is another one's group") {
    const auto found = find_control_groups(
        "30 25 0:26 /box /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
        "31 25 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n",
        "4:memory:/box/inner\n1:cpu:/\n");
    REQUIRE(found.size() == 1);
    CHECK(found[0].directory == "/sys/fs/cgroup/memory/inner");
    CHECK_FALSE(found[0].unified);
  }
  SECTION("version 2 comes first") {
    const auto found = find_control_groups(
        "30 25 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "35 25 0:30 / /sys/fs/cg\\0402 rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
        "4:memory:/\n0::/user.slice\n");
    REQUIRE(found.size() == 2);
    CHECK(found[0].directory == "/sys/fs/cg 2/user.slice");
    CHECK(found[0].unified);
    CHECK(found[1].directory == "/sys/fs/cgroup/memory");
  }
  SECTION("none, and nonsense") {
    CHECK(find_control_groups("", "").empty());
    CHECK(find_control_groups("a b - cgroup2\n- - -\n::::\n", "0::\n:\n").empty());
  }
}
