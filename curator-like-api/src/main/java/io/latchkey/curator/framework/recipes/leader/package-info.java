/** Leader election. */
@NullMarked
package io.latchkey.curator.framework.recipes.leader;

import org.jspecify.annotations.NullMarked;
