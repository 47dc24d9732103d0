export declare function slugify(title: string): string
