/** Apache Curator's names for Latchkey: change the imports from {@code org.apache.curator} to {@code io.latchkey.curator}. */
@NullMarked
package io.latchkey.curator;

import org.jspecify.annotations.NullMarked;
