#include "net/resolve.h"

#include <gtest/gtest.h>

namespace keyzone::net {
namespace {

TEST(Resolve, NumbersAreThemselvesAndNamesAreLookedUp) {
  for (const char* numeric : {"127.0.0.3", "0.0.0.0", "::1"}) {
    const auto same = resolve(numeric);
    ASSERT_TRUE(same) << numeric;
    EXPECT_EQ(*same, numeric);
  }
  const auto local = resolve("localhost");
  ASSERT_TRUE(local) << local.error().message;
  EXPECT_EQ(*local, "127.0.0.1");
}

TEST(Resolve, WhatIsNotFoundIsNamed) {
  const auto none = resolve("no host has blanks");
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("no host has blanks"), std::string::npos);
}

}  // namespace
}  // namespace keyzone::net
