"""DNS over every transport: questions, replies read within a budget, resolvers."""
