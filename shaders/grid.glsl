// The numbers of this work group and element. Work groups are counted along x and, past the limit
// of a dimension, along y. Include this file after the declaration of the work group's size.
uint folded_group() {
    return gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
}

// The element of a one-dimensional kernel; may lie past the end.
uint flat_index() {
    return folded_group() * gl_WorkGroupSize.x + gl_LocalInvocationID.x;
}
