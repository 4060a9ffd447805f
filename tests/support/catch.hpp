#pragma once

// The one door to Catch2: version 2 and 3 lay their headers out differently.
#include <catch2/catch.hpp>
